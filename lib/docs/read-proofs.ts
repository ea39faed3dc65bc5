import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import ts from 'typescript';

/** One test as its file says it. */
export interface Proof {
  /** Relative to the root of the repository. */
  readonly file: string;
  readonly title: string;
  /** Every text that the test compares with or gives, and every word of it; those of what it uses included. */
  readonly words: ReadonlySet<string>;
}

const TESTS = 'test/lambdas/tasks';
/** Where tests keep what several of them use: fixtures, and what is planted. */
const SOURCES = /^(test|lib\/demo)\//;

/** Reads the tests of every domain without running them: domain to its proofs, in the order of file and place. */
export async function readProofs(root: string): Promise<ReadonlyMap<string, readonly Proof[]>> {
  const modules = new Modules(root);
  const proofs = new Map<string, Proof[]>();
  for (const domain of (await readdir(path.join(root, TESTS))).sort()) {
    const files = (await readdir(path.join(root, TESTS, domain))).filter((file) => file.endsWith('.test.ts')).sort();
    proofs.set(
      domain,
      files.flatMap((file) => proofsIn(`${TESTS}/${domain}/${file}`, modules)),
    );
  }
  return proofs;
}

/** The tests of one file, in their order. */
export function proofsIn(file: string, modules: Modules): Proof[] {
  const module = modules.at(file);
  const proofs: Proof[] = [];
  const visit = (node: ts.Node, groups: readonly string[]): void => {
    const title = titleOf(node, TEST_NAMES);
    if (title !== undefined) {
      proofs.push({ file, title: [...groups, title].join(' '), words: wordsOf(node, module) });
      return;
    }
    const group = titleOf(node, GROUP_NAMES);
    const within = group === undefined ? groups : [...groups, group];
    node.forEachChild((child) => visit(child, within));
  };
  if (module) visit(module.source, []);
  return proofs;
}

/** What a name stands for, and the file in which to read on. */
interface Declared {
  readonly node: ts.Node;
  readonly module: Module;
}

interface Module {
  readonly source: ts.SourceFile;
  readonly declared: (name: string) => Declared | undefined;
}

/** The files that tests are made of, each read once. */
export class Modules {
  readonly #root: string;
  readonly #read = new Map<string, Module | undefined>();

  constructor(root: string) {
    this.#root = root;
  }

  at(file: string): Module | undefined {
    if (!this.#read.has(file)) {
      const absolute = path.join(this.#root, file);
      this.#read.set(file, existsSync(absolute) ? this.of(file, readFileSync(absolute, 'utf8')) : undefined);
    }
    return this.#read.get(file);
  }

  of(file: string, text: string): Module {
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const own = new Map<string, ts.Node>();
    const imported = new Map<string, string>();
    source.forEachChild((node) => {
      if (ts.isFunctionDeclaration(node) && node.name) own.set(node.name.text, node);
      if (ts.isVariableStatement(node)) {
        for (const { name, initializer } of node.declarationList.declarations)
          if (ts.isIdentifier(name) && initializer) own.set(name.text, initializer);
      }
      if (ts.isImportDeclaration(node)) for (const [name, from] of importsOf(node, file)) imported.set(name, from);
    });
    const module: Module = {
      source,
      declared: (name) => {
        const node = own.get(name);
        if (node) return { node, module };
        const from = imported.get(name);
        return from === undefined ? undefined : this.at(from)?.declared(name);
      },
    };
    return module;
  }
}

/** Name to file for what is imported under its own name from where tests keep such things. */
function importsOf({ importClause, moduleSpecifier }: ts.ImportDeclaration, file: string): [string, string][] {
  if (!ts.isStringLiteral(moduleSpecifier) || !moduleSpecifier.text.startsWith('.')) return [];
  const from = path.posix.join(path.posix.dirname(file), moduleSpecifier.text);
  const bindings = importClause?.namedBindings;
  if (!SOURCES.test(from) || !bindings || !ts.isNamedImports(bindings)) return [];
  return bindings.elements.filter(({ propertyName }) => !propertyName).map(({ name }) => [name.text, from]);
}

/** The title of a call such as `test('…', …)` and `test.each(…)('…', …)`; undefined for every other node. */
function titleOf(node: ts.Node, names: RegExp): string | undefined {
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
  return ts.isIdentifier(called) && names.test(called.text) ? title.text : undefined;
}

// `test` and `describe`, and the names under which they are passed over where a program is missing.
const TEST_NAMES = /^(test|as[A-Z]\w*|with[A-Z]\w*)$/;
const GROUP_NAMES = /^(describe|on[A-Z]\w*)$/;

function wordsOf(test: ts.Node, within: Module | undefined): ReadonlySet<string> {
  const words = new Set<string>();
  const followed = new Set<ts.Node>();
  const visit = (node: ts.Node, module: Module | undefined): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      for (const word of [node.text, ...node.text.split(' ')]) words.add(word);
    const declared = ts.isIdentifier(node) ? module?.declared(node.text) : undefined;
    if (declared && !followed.has(declared.node)) {
      followed.add(declared.node);
      visit(declared.node, declared.module);
    }
    node.forEachChild((child) => visit(child, module));
  };
  visit(test, within);
  return words;
}
