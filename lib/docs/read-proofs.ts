import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import ts from 'typescript';

/** One test as its file says it. */
export interface Proof {
  /** Relative to the root of the repository. */
  readonly file: string;
  readonly title: string;
  /** Every text that the test compares with or gives, those of what it uses in its file included. */
  readonly words: ReadonlySet<string>;
}

const TESTS = 'test/lambdas/tasks';

/** Reads the tests of every domain without running them: domain to its proofs, in the order of file and place. */
export async function readProofs(root: string): Promise<ReadonlyMap<string, readonly Proof[]>> {
  const proofs = new Map<string, Proof[]>();
  for (const domain of (await readdir(path.join(root, TESTS))).sort()) {
    const files = (await readdir(path.join(root, TESTS, domain))).filter((file) => file.endsWith('.test.ts')).sort();
    const found: Proof[] = [];
    for (const file of files) {
      const relative = `${TESTS}/${domain}/${file}`;
      found.push(...proofsIn(relative, await readFile(path.join(root, relative), 'utf8')));
    }
    proofs.set(domain, found);
  }
  return proofs;
}

/** The tests of one file. */
export function proofsIn(file: string, text: string): Proof[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const declared = new Map<string, ts.Node>();
  source.forEachChild((node) => {
    if (ts.isFunctionDeclaration(node) && node.name) declared.set(node.name.text, node);
    if (!ts.isVariableStatement(node)) return;
    for (const { name, initializer } of node.declarationList.declarations) {
      if (ts.isIdentifier(name) && initializer) declared.set(name.text, initializer);
    }
  });
  const proofs: Proof[] = [];
  const visit = (node: ts.Node): void => {
    const title = titleOf(node);
    if (title === undefined) return node.forEachChild(visit);
    proofs.push({ file, title, words: wordsOf(node, declared) });
  };
  visit(source);
  return proofs;
}

/** The title of `test('…', …)` and `test.each(…)('…', …)`; undefined for every other node. */
function titleOf(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const [title] = node.arguments;
  if (!title || !ts.isStringLiteralLike(title)) return undefined;
  const { expression } = node;
  // `test('…')`, `test.each(…)('…')` and the table of a template, `test.each`…`('…')`.
  const each = ts.isCallExpression(expression)
    ? expression.expression
    : ts.isTaggedTemplateExpression(expression)
      ? expression.tag
      : expression;
  const called = ts.isPropertyAccessExpression(each) ? each.expression : each;
  return ts.isIdentifier(called) && called.text === 'test' ? title.text : undefined;
}

function wordsOf(test: ts.Node, declared: ReadonlyMap<string, ts.Node>): ReadonlySet<string> {
  const words = new Set<string>();
  const followed = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) words.add(node.text);
    if (ts.isIdentifier(node) && !followed.has(node.text)) {
      followed.add(node.text);
      const declaration = declared.get(node.text);
      if (declaration) visit(declaration);
    }
    node.forEachChild(visit);
  };
  visit(test);
  return words;
}
