/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two accounts, each with a mutex, and transfers in both directions. Each takes both mutexes by two
 * guards, one after the other: that is what std::scoped_lock(from, to) would have spared them. One
 * comes after the other here, so that nothing happens.
 */
/* EXPECT: deadlock predicted @from @to */
/* FINDING: threads=2 */
/* SOURCE: @from from.mutex Account::mutex */
/* SOURCE: @to to.mutex Account::mutex */
extern "C" {
#include "order.h"
}
#include <cstdio>
#include <mutex>
#include <thread>

struct Account {
    std::mutex mutex;
    long balance = 100;
};

static Account barron, olivia;

static void transfer(Account &from, Account &to, long amount)
{
    std::scoped_lock giver(from.mutex); /* @from */
    std::scoped_lock taker(to.mutex);   /* @to */
    from.balance -= amount;
    to.balance += amount;
}

int main()
{
    std::thread one([] {
        transfer(barron, olivia, 10);
        order_reach(1);
    });
    std::thread two([] {
        order_await(1);
        transfer(olivia, barron, 5);
    });
    one.join();
    two.join();
    std::printf("%ld %ld\n", barron.balance, olivia.balance);
}
