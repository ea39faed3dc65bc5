'use strict';

/** Preloaded into the process of a handler: its clock is FETTLE_CLOCK_SECONDS ahead. */
const ahead = Number(process.env.FETTLE_CLOCK_SECONDS) * 1_000;
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length > 0 ? given : [RealDate.now() + ahead]));
  }
  static now() {
    return RealDate.now() + ahead;
  }
};
