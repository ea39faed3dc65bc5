import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  paginateListFunctions,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import { DEPLOYED_ROUTES } from '../answers/routes.ts';
import { type AnswersServer, startAnswers } from '../answers/server.ts';
import type { Cloud } from '../cloud/server.ts';

/**
 * Puts a line that can be broken between the functions of a stack and S3.
 *
 * They find it as on AWS they would find any other address of S3: by the variable that the SDK reads.
 */
export async function startBucketLine({ endpoint, client }: Cloud, stack: string): Promise<AnswersServer> {
  const line = await startAnswers({ upstream: endpoint, routes: DEPLOYED_ROUTES });
  const lambda = new LambdaClient({ ...client, ...awsClientSettings() });
  const pages = await Array.fromAsync(paginateListFunctions({ client: lambda }, {}));
  const names = pages.flatMap(({ Functions = [] }) => Functions.flatMap(({ FunctionName }) => FunctionName ?? []));
  for (const FunctionName of names.filter((name) => name.startsWith(`${stack}-`))) {
    const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    const Variables = { ...Environment?.Variables, AWS_ENDPOINT_URL_S3: line.endpoint };
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  }
  lambda.destroy();
  return line;
}
