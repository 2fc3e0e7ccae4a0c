/// Messages of Envoy's ext_proc API and of gRPC's health API, generated from Protos/, and the arena they live in.
#ifndef CENVOYPROTOS_H
#define CENVOYPROTOS_H

#include "../generated/ext_proc.pb-c.h"
#include "../generated/google_struct.pb-c.h"
#include "../generated/health.pb-c.h"
#include "epp_answer.h"
#include "epp_arena.h"

#endif
