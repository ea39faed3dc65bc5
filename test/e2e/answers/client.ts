import type { AnswersServer } from '../../../lib/demo/aws/server.ts';

/** What an AWS client of a test is made with to ask this server; it asks once where `maxAttempts` says nothing else. */
export function clientOf({ endpoint }: Pick<AnswersServer, 'endpoint'>, maxAttempts = 1) {
  return {
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIAFETTLE', secretAccessKey: 'of-a-test' },
    maxAttempts,
  };
}
