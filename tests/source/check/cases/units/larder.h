/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LARDER_H
#define LARDER_H
#include <pthread.h>

struct larder {
    pthread_mutex_t door;
    int garlic;
};

extern pthread_mutex_t pencil, spoon;

void open_door(struct larder *larder);
void close_door(struct larder *larder);
int try_door(struct larder *larder);
void write_list(struct larder *larder);
void stir(void);
void give_up(void);
void traffic(int light);

static inline void stir_gently(void)
{
    pthread_mutex_lock(&spoon); /* @then-spoon */
    pthread_mutex_unlock(&spoon);
}
#endif
