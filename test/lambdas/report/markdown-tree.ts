import { parsers } from 'prettier/plugins/markdown';

/** A node of Markdown as a reader of the page would see it. */
export interface MarkdownNode {
  readonly type: string;
  readonly value?: string;
  readonly depth?: number;
  readonly children?: readonly MarkdownNode[];
}

/** Parses GitHub's Markdown. */
export function markdownTree(text: string): MarkdownNode {
  return parsers.markdown.parse(text, {} as never) as MarkdownNode;
}

/** Every node of a type, in the order of the page. */
export function nodesOf(type: string, node: MarkdownNode): MarkdownNode[] {
  return [...(node.type === type ? [node] : []), ...(node.children ?? []).flatMap((child) => nodesOf(type, child))];
}

/** What a reader reads, without its form. */
export function textOf({ value = '', children = [] }: MarkdownNode): string {
  return value + children.map(textOf).join('');
}
