import { DEPLOYED_ROUTES } from '../../../lib/demo/aws/routes.ts';
import { type AnswersServer, startAnswers } from '../../../lib/demo/aws/server.ts';
import type { Cloud } from '../cloud/server.ts';
import { sendThrough } from '../send-through.ts';

/** Puts a line that can be broken between the functions of a stack and S3. */
export async function startBucketLine(cloud: Cloud, stack: string): Promise<AnswersServer> {
  const line = await startAnswers({ upstream: cloud.endpoint, routes: DEPLOYED_ROUTES });
  await sendThrough(cloud, line.endpoint, { begin: `${stack}-`, variable: 'AWS_ENDPOINT_URL_S3' });
  return line;
}
