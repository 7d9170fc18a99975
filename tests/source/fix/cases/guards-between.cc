/* SPDX-License-Identifier: Apache-2.0 */
/* KIND: deadlock */
/* SITE: 1 holds @first transfer */
/* SITE: 1 takes @second transfer */
/* SITE: 2 holds @first transfer */
/* SITE: 2 takes @second transfer */
/* REFUSED: there is something between the two guards */
#include <mutex>

struct account {
    std::mutex lock;
    long balance = 0;
};
void transfer(account &from, account &to, long amount);

void transfer(account &from, account &to, long amount)
{
    std::lock_guard<std::mutex> giver(from.lock); /* @first */
    from.balance -= amount;
    std::lock_guard<std::mutex> taker(to.lock); /* @second */
    to.balance += amount;
}
