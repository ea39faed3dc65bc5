'use strict';

/**
 * What a test does to a handler's process before its bundle is read.
 *
 * TEST_CLOCK_FILE: a file with the seconds by which this process's clock is wrong, read at each look at the clock.
 * TEST_STOP_AFTER: a part of a key; the process stops itself, as by Ctrl-Z, when that record has been created.
 */
const fs = require('node:fs');

const { TEST_CLOCK_FILE, TEST_STOP_AFTER } = process.env;

if (TEST_CLOCK_FILE) {
  const RightDate = Date;
  const now = () => RightDate.now() + Number(fs.readFileSync(TEST_CLOCK_FILE, 'utf8')) * 1_000;
  globalThis.Date = class Date extends RightDate {
    constructor(...given) {
      super(...(given.length === 0 ? [now()] : given));
    }
    static now() {
      return now();
    }
  };
}

if (TEST_STOP_AFTER) {
  const { link } = fs.promises;
  fs.promises.link = async (from, to) => {
    await link(from, to);
    if (String(to).includes(TEST_STOP_AFTER)) process.kill(process.pid, 'SIGSTOP');
  };
}
