import { NormalizedSchema } from '@smithy/core/schema';

/** An operation as the SDK's own schema describes it: `[9, namespace, name, traits, input, output]`. */
type OperationSchema = readonly [9, string, string, unknown, Ref, Ref];
type Ref = Parameters<typeof NormalizedSchema.of>[0];

/** The class of a command of any SDK client; its types say what goes in and what comes out. */
type CommandClass<Input, Output> = new (...input: never) => {
  readonly input: Input;
  resolveMiddleware(...parts: never): (args: never) => Promise<{ readonly output: Output }>;
};

/** What a service says to one operation, with the schemas by which it is read and written. */
export interface Answer {
  readonly operation: string;
  readonly command: CommandClass<object, object>;
  readonly input: NormalizedSchema;
  readonly output: NormalizedSchema;
  /** Method, path and status of a REST operation. */
  readonly http: readonly [string, string, number] | undefined;
  reply(input: unknown): unknown;
}

/** All that a service answers; `name` is the one before the colon of its IAM actions. */
export interface ServiceAnswers {
  readonly name: string;
  /** The namespace of its answers where they are XML. */
  readonly xmlNamespace: string;
  readonly answers: ReadonlyMap<string, Answer>;
}

/** What a service says when it refuses; a handler throws it, or an error of its SDK client. */
export class AnswerError extends Error {
  override readonly name: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = code;
    this.status = status;
  }
}

/** Answers one operation, typed by its command of the SDK. */
export function answer<Input, Output>(
  command: CommandClass<Input, Output>,
  reply: (input: Input) => Omit<Output, '$metadata'> | Promise<Omit<Output, '$metadata'>>,
): Answer {
  const { schema } = Reflect.construct(command, [{}]) as { readonly schema: OperationSchema };
  const [, , operation, traits, input, output] = schema;
  return {
    operation,
    command: command as unknown as CommandClass<object, object>,
    input: NormalizedSchema.of(input),
    output: NormalizedSchema.of(output),
    http: httpOf(traits),
    // The server reads the input by the schema of this very command.
    reply: (read) => reply(read as Input),
  };
}

/** Joins the answers of one service. */
export function serviceAnswers(name: string, xmlNamespace: string, answers: readonly Answer[]): ServiceAnswers {
  return { name, xmlNamespace, answers: new Map(answers.map((one) => [one.operation, one])) };
}

/** Method, path and status of an operation whose protocol is REST. */
export function httpOf(traits: unknown): readonly [string, string, number] | undefined {
  if (typeof traits !== 'object' || traits === null || !('http' in traits)) return undefined;
  return traits.http as [string, string, number];
}
