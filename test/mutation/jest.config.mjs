import { readFileSync } from 'node:fs';
import config from '../../jest.config.mjs';

const { mutate } = JSON.parse(readFileSync(`${import.meta.dirname}/stryker.config.json`, 'utf8'));

/** The quick tests of what must not be wrong: they reach every line and branch of it, and each mutant runs those that reach it. */
export default {
  ...config,
  rootDir: '../..',
  testMatch: [
    '<rootDir>/test/core/**/*.test.ts',
    '<rootDir>/test/secrets/search.test.ts',
    '<rootDir>/test/lambdas/runtime/{act,act-late,act-refused,judge-step,leases,run-task,run-task-changes,run-task-result}.test.ts',
  ],
  testPathIgnorePatterns: ['/test/bench/'],
  collectCoverageFrom: mutate,
  coverageProvider: 'v8',
  coverageReporters: ['text'],
  coverageThreshold: { global: { lines: 100, branches: 100 } },
};
