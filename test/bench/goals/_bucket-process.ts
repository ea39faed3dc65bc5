/** Serves the file of its first argument as an object of a bucket, in a process of its own; sends its address. */
import { readFile, stat } from 'node:fs/promises';
import { startS3Server } from '../../servers/s3.ts';

const [file = '', bucket = '', key = ''] = process.argv.slice(2);
const server = await startS3Server();

async function putAgain(): Promise<void> {
  server.put(bucket, key, await readFile(file), { lastModified: (await stat(file)).mtime });
}

process.on('message', () => {
  void putAgain().then(() => process.send?.('put'));
});
process.on('disconnect', () => process.exit());
await putAgain();
process.send?.(server.endpoint);
