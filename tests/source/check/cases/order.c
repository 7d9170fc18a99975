/* SPDX-License-Identifier: Apache-2.0 */
/* Locks in both orders. */
/* CHECK: deadlock @a-first @then-b @b-first @then-a */
/* CHECK: deadlock @from @to */
/* CHECK: deadlock @x @xy @y @yz @z @zx */
#include <pthread.h>

struct account {
    pthread_mutex_t lock;
    int money;
};

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t c = PTHREAD_MUTEX_INITIALIZER, d = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t x = PTHREAD_MUTEX_INITIALIZER, y = PTHREAD_MUTEX_INITIALIZER,
                       z = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t r = PTHREAD_MUTEX_INITIALIZER, s = PTHREAD_MUTEX_INITIALIZER;
static struct account barron, olivia;
static int total;

static void take_b(void)
{
    pthread_mutex_lock(&b); /* @then-b */
    total++;
    pthread_mutex_unlock(&b);
}

static void *one(void *arg)
{
    pthread_mutex_lock(&a); /* @a-first */
    take_b();
    pthread_mutex_unlock(&a);
    return arg;
}

static void *other(void *arg)
{
    pthread_mutex_lock(&b); /* @b-first */
    pthread_mutex_lock(&a); /* @then-a */
    total++;
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
    return arg;
}

/* Behind a gate it does no harm. */
static void *gated(void *arg)
{
    pthread_mutex_lock(&gate);
    if (arg) {
        pthread_mutex_lock(&c);
        pthread_mutex_lock(&d);
    } else {
        pthread_mutex_lock(&d);
        pthread_mutex_lock(&c);
    }
    total++;
    pthread_mutex_unlock(&c);
    pthread_mutex_unlock(&d);
    pthread_mutex_unlock(&gate);
    return arg;
}

static void transfer(struct account *from, struct account *to)
{
    pthread_mutex_lock(&from->lock); /* @from */
    pthread_mutex_lock(&to->lock);   /* @to */
    from->money--;
    to->money++;
    pthread_mutex_unlock(&to->lock);
    pthread_mutex_unlock(&from->lock);
}

static void *pays(void *arg)
{
    transfer(&barron, &olivia);
    return arg;
}

static void *is_paid(void *arg)
{
    transfer(&olivia, &barron);
    return arg;
}

static void *circle(void *arg)
{
    pthread_mutex_lock(&x); /* @x */
    pthread_mutex_lock(&y); /* @xy */
    pthread_mutex_unlock(&y);
    pthread_mutex_unlock(&x);
    pthread_mutex_lock(&y); /* @y */
    pthread_mutex_lock(&z); /* @yz */
    pthread_mutex_unlock(&z);
    pthread_mutex_unlock(&y);
    pthread_mutex_lock(&z); /* @z */
    pthread_mutex_lock(&x); /* @zx */
    pthread_mutex_unlock(&x);
    pthread_mutex_unlock(&z);
    return arg;
}

/* A trylock does not wait. */
static void *tries(void *arg)
{
    pthread_mutex_lock(&r);
    if (pthread_mutex_trylock(&s) == 0)
        pthread_mutex_unlock(&s);
    pthread_mutex_unlock(&r);
    pthread_mutex_lock(&s);
    pthread_mutex_lock(&r);
    pthread_mutex_unlock(&r);
    pthread_mutex_unlock(&s);
    return arg;
}

int main(void)
{
    void *(*const routines[])(void *) = {one, other, gated, pays, is_paid, circle, tries};
    for (unsigned i = 0; i < sizeof routines / sizeof *routines; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, routines[i], NULL);
        pthread_detach(thread);
    }
    return 0;
}
