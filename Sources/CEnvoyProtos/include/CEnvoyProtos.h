#ifndef X_H
#define X_H
#endif
