#!/usr/bin/env node
// The sources are TypeScript; tsx reads them. Node.js 24 comes with the dependencies, and npm and npx find it first.
if (Number(process.versions.node.split('.')[0]) < 22) {
  process.stderr.write('fettle needs Node.js 22 or newer; start it with npx fettle, which brings its own\n');
  process.exit(2);
}
await import('tsx');
await import('./fettle.ts');
