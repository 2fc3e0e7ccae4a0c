/// Umbrella header: small C functions over libraries and instructions that Swift cannot reach directly.
/// Nothing here allocates except where a comment says so, and nothing keeps a pointer it was handed unless
/// its comment says for how long.
#ifndef CACCELERATE_H
#define CACCELERATE_H

#include "epp_columns.h"
#include "epp_hash.h"

#endif
