'use strict';

/**
 * Runs one handler of one bundle and ends: the local stand-in of Lambda's runtime.
 *
 * It is plain CommonJS because it runs outside of everything that reads TypeScript.
 */
process.once('message', async ({ bundle, event, requestId }) => {
  try {
    const { handler } = require(bundle);
    const result = await handler(event, { awsRequestId: requestId });
    process.send({ result: result ?? null }, () => process.exit(0));
  } catch (thrown) {
    const { name = 'Error', message = String(thrown) } = thrown ?? {};
    process.send({ error: { name, message } }, () => process.exit(1));
  }
});

// The engine is gone, and with it whoever would read the answer or kill this process at its time limit.
process.once('disconnect', () => process.exit(1));
