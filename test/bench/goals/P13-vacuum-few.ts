import type { Benchmark } from '../benchmark.ts';
import { SHOP } from './_database.ts';
import { measureUpkeep } from './_upkeep.ts';

export const benchmark: Benchmark = {
  goal: 'P13',
  what: 'vacuuming and analyzing where three of 24 tables need it',
  needs: ['vacuumdb'],
  run: (say) =>
    measureUpkeep({
      ...{ goal: 'P13', dirty: SHOP.filter((_, place) => place % 8 === 2), hold: 0.5, say },
      because: 'the tables that are left alone are not the large ones alone, and each of the three has two passes',
    }),
};
