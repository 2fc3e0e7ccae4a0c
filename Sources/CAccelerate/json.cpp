#include "CAccelerate.h"
