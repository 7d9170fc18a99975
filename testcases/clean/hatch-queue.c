/* SPDX-License-Identifier: Apache-2.0 */
/* Orders by a POSIX message queue, and the answers by another. Where the system has none, there is
 * nothing to say. */
/* EXPECT: nothing */
/* TSAN: knows no message queues */
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { ORDERS = 50 };

static mqd_t orders, answers;
static int dish;

static mqd_t make_queue(const char *what)
{
    char name[64];
    struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = 1};
    snprintf(name, sizeof name, "/%s-%d", what, (int)getpid());
    mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
    if (queue >= 0)
        mq_unlink(name);
    return queue;
}

static void *olivia(void *arg)
{
    char byte;
    for (int i = 0; i < ORDERS; i++) {
        if (mq_receive(orders, &byte, 1, NULL) != 1)
            return NULL;
        dish++;
        if (mq_send(answers, &byte, 1, 0))
            return NULL;
    }
    return arg;
}

int main(void)
{
    char byte = 0;
    pthread_t thread;
    orders = make_queue("orders");
    answers = make_queue("answers");
    if (orders < 0 || answers < 0)
        return 0;
    pthread_create(&thread, NULL, olivia, NULL);
    for (int i = 0; i < ORDERS; i++) {
        dish++;
        if (mq_send(orders, &byte, 1, 0) || mq_receive(answers, &byte, 1, NULL) != 1)
            return 1;
    }
    pthread_join(thread, NULL);
    printf("Dishes: %d\n", dish);
    mq_close(orders);
    mq_close(answers);
    return 0;
}
