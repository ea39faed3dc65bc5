/** One runner for every kind of test. ES modules, because middy 7 and the Kubernetes client are nothing else. */
export default {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/bench/', '<rootDir>/test/e2e/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
  // Of a test that hangs; a machine that is busy with other things takes several times as long as a quiet one.
  testTimeout: 240_000,
  // Of three one mostly waits: for a server, a time-out, a child.
  maxWorkers: 3,
  // Modules of a test file are never freed, and a worker of gigabytes spends its time collecting garbage.
  workerIdleMemoryLimit: '1GB',
};
