import { ListFunctionsCommand, ListTagsCommand, type FunctionConfiguration } from '@aws-sdk/client-lambda';
import { answer, serviceAnswers, type ServiceAnswers } from './answer.ts';
import { page } from './page.ts';

export interface LambdaFixture {
  readonly functions?: readonly FunctionConfiguration[];
  /** By the ARN of the function. */
  readonly tags?: Readonly<Record<string, Record<string, string>>>;
}

/** Lambda with these functions. */
export function lambda({ functions = [], tags = {} }: LambdaFixture): ServiceAnswers {
  return serviceAnswers('lambda', '', [
    answer(ListFunctionsCommand, ({ Marker, MaxItems = 50 }) => {
      const { items, next } = page(functions, Marker, MaxItems);
      return { Functions: items, NextMarker: next };
    }),
    answer(ListTagsCommand, ({ Resource = '' }) => ({ Tags: tags[Resource] ?? {} })),
  ]);
}
