import base from '../../jest.config.mjs';

/** The tests that need a cloud or a cluster of their own: one file after the other, for each starts servers. */
export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // A deployment, a schedule of a minute and a run of EventChain's day are part of one test file.
  testTimeout: 900_000,
  maxWorkers: 1,
};
