/** One file or report cannot be used as it is; the others stand. The text ends the sentence «it …». */
export class Flaw extends Error {
  override readonly name = 'Fettle.Flaw';
}
