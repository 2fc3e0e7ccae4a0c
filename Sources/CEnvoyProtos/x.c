#include "CEnvoyProtos.h"
