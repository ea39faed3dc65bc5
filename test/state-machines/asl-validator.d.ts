/** The package has no types of its own. It writes into the definition that it is given. */
declare module 'asl-validator' {
  interface Validated {
    readonly isValid: boolean;
    readonly errorsText: (separator: string) => string;
  }
  const validate: (definition: object) => Validated;
  export default validate;
}
