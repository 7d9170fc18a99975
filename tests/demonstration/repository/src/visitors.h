/* SPDX-License-Identifier: Apache-2.0 */
/* Who came to the market. Nothing here is locked: the first is a fault that everybody knows of, and
 * nobody has mended yet (baseline.json); the second is accepted (accepted.supp). */
#ifndef MARKET_VISITORS_H
#define MARKET_VISITORS_H

void visitors_count(void);
void visitors_greet(int shopper);
int visitors_all(void);

#endif
