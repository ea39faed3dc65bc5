#!/usr/bin/env node
import * as nodeModule from 'node:module';
import { join } from 'node:path';

// The sources are TypeScript, which Node.js reads itself. Node.js 24 comes with the dependencies, and npm and npx find it first.
if (!process.features.typescript) {
  process.stderr.write('fettle needs Node.js 24; start it with npx fettle, which brings its own\n');
  process.exit(2);
}
// What was read once starts in half the time. Where nothing can be written it starts all the same.
nodeModule.enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'fettle', 'compiled'));
await import('./fettle.ts');
