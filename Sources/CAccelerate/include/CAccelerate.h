#ifndef CACCELERATE_H
#define CACCELERATE_H
#endif
