/* SPDX-License-Identifier: Apache-2.0 */
/* Barron writes orders to a stream, Olivia reads them from another, and a pipe lies between: the C
 * library reads and writes it by itself. */
/* EXPECT: nothing */
/* TSAN: does not know what streams read and write */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { ORDERS = 100 };

static FILE *in, *out;
static int dishes[ORDERS];

static void *barron(void *arg)
{
    for (int i = 0; i < ORDERS; i++) {
        dishes[i] = i + 1;
        fprintf(out, "%d\n", i);
        fflush(out);
    }
    fclose(out);
    return arg;
}

static void *olivia(void *arg)
{
    char line[20];
    int number, *sum = arg;
    while (fgets(line, sizeof line, in))
        if (sscanf(line, "%d", &number) == 1)
            *sum += dishes[number];
    return NULL;
}

int main(void)
{
    int ends[2], sum = 0;
    pthread_t cook, waitress;
    if (pipe(ends))
        return 1;
    in = fdopen(ends[0], "r");
    out = fdopen(ends[1], "w");
    pthread_create(&cook, NULL, barron, NULL);
    pthread_create(&waitress, NULL, olivia, &sum);
    pthread_join(cook, NULL);
    pthread_join(waitress, NULL);
    fclose(in);
    printf("Dishes: %d\n", sum);
    return 0;
}
