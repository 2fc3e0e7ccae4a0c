/// Umbrella header: small C functions over libraries and instructions that Swift cannot reach directly.
/// Nothing here keeps a pointer it was handed or allocates, except where a comment says so.
#ifndef CACCELERATE_H
#define CACCELERATE_H

#include "epp_columns.h"
#include "epp_find.h"
#include "epp_gzip.h"
#include "epp_hash.h"
#include "epp_heap.h"
#include "epp_json.h"
#include "epp_pages.h"
#include "epp_prefetch.h"
#include "epp_prefill.h"
#include "epp_scores.h"

#endif
