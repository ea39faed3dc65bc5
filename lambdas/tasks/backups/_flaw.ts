export type FlawKind = 'cut-short' | 'damaged' | 'cannot-be-opened' | 'changed-while-read';

/** Why a backup is not what it should be, thrown by whatever reads it at the place where it shows. */
export class Flaw extends Error {
  override readonly name = 'Fettle.Flaw';
  readonly kind: FlawKind;

  constructor(kind: FlawKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
