import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { renderReview } from '../../../lambdas/report/review/render-review.ts';
import { MOST_DRAWN, usd, type ReviewPage } from '../../../lambdas/report/review/review-page.ts';
import { HOSTILE } from '../../harness/hostile-report.ts';
import { markdownTree, nodesOf, textOf } from './markdown-tree.ts';

const PAGE: ReviewPage = {
  title: 'Upgrades of 2026 Q4',
  about: 'orchard · prod',
  headline: 'One version ends in March',
  tone: 'warn',
  decisions: [],
  sections: [],
  unknown: [],
  sources: [],
};

function hostilePage(text: string): ReviewPage {
  const decision = { title: text, tone: 'warn', why: text, facts: [text, text], command: text } as const;
  return {
    title: text,
    about: text,
    headline: text,
    tone: 'unknown',
    decisions: [decision, decision],
    sections: [
      {
        title: text,
        note: text,
        blocks: [
          { kind: 'table', columns: [text, text], rows: [[text, text]] },
          { kind: 'bars', caption: text, marks: [text, text], rows: [{ label: text, percents: [1, undefined] }] },
          {
            kind: 'lifelines',
            caption: text,
            today: '2026-11-21',
            rows: [{ label: text, standardUntil: '2027-01-01', extendedUntil: undefined }],
          },
          { kind: 'columns', caption: text, series: [text], rows: [{ label: text, usdPerMonth: [12] }] },
        ],
      },
    ],
    unknown: [text],
    sources: [text],
  };
}

describe('a page of a review', () => {
  test('shows hostile text and has no element, attribute or control character of it', () => {
    const { html } = renderReview(hostilePage(HOSTILE));
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).not.toMatch(/<(script|img|a|iframe|link)\b/i);
    expect(html.replace(/="[^"]*"/g, '')).not.toMatch(/<[^>]*\son\w+=/i);
    expect(html.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
    expect(html).toContain("default-src 'none'");
  });

  test('is for paper too: nothing is cut off at its edge, and a card stays in one piece', () => {
    const { html } = renderReview(PAGE);
    expect(html).toMatch(/@media print \{[^@]*@page \{ size: A4/);
    expect(html).toMatch(/figure, tr, article \{ break-inside: avoid; \}/);
  });

  test('shows three decisions at the most, the first first', () => {
    const decisions = ['a', 'b', 'c', 'd'].map((title) => ({ title, tone: 'info' as const, why: '', facts: [] }));
    const { html, markdown } = renderReview({ ...PAGE, decisions });
    expect([...html.matchAll(/<h3>(\w)<\/h3>/g)].map(([, title]) => title)).toEqual(['a', 'b', 'c']);
    expect(markdown.match(/^\d\. \*\*(\w)\*\*/gm)).toEqual(['1. **a**', '2. **b**', '3. **c**']);
  });

  test('says how many it did not draw', () => {
    const rows = Array.from({ length: MOST_DRAWN + 7 }, (_, place) => ({ label: `s${place}`, percents: [place] }));
    const sections = [{ title: 'Use', blocks: [{ kind: 'bars', caption: 'CPU', marks: ['max'], rows } as const] }];
    const { html, markdown } = renderReview({ ...PAGE, sections });
    expect(html).toContain('7 more are in the JSON');
    expect(markdown).toContain(`| s${MOST_DRAWN + 6} |`);
  });

  test('draws nothing where a value is not known, and says so', () => {
    const rows = [{ label: 'silent', percents: [undefined, undefined] }];
    const lines = [{ label: 'engine', standardUntil: undefined, extendedUntil: undefined }];
    const sections: ReviewPage['sections'] = [
      { title: 'Use', blocks: [{ kind: 'bars', caption: 'CPU', marks: ['p50', 'max'], rows }] },
      { title: 'Lives', blocks: [{ kind: 'lifelines', caption: 'Versions', today: '2026-11-21', rows: lines }] },
    ];
    const { html, markdown } = renderReview({ ...PAGE, sections });
    expect(html).toContain('silent: p50 not known, max not known');
    expect(html).not.toContain('class="range"');
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
    expect(markdown).toContain('| engine | not known | not known |');
  });

  test('marks today between what is over and what is to come', () => {
    const rows = [
      { label: 'old', standardUntil: '2024-11-21', extendedUntil: '2027-11-21' },
      { label: 'new', standardUntil: '2030-11-21', extendedUntil: '2033-11-21' },
    ];
    const block = { kind: 'lifelines', caption: 'Versions', today: '2026-11-21', rows } as const;
    const { html } = renderReview({ ...PAGE, sections: [{ title: 'Lives', blocks: [block] }] });
    const today = Number(/class="now" d="M([\d.]+),0/.exec(html)?.[1]);
    const standard = [...html.matchAll(/class="standard" x="([\d.]+)"[^>]*width="([\d.]+)"/g)].map(
      ([, x, width]) => Number(x) + Number(width),
    );
    expect(standard[0]).toBeLessThan(today);
    expect(standard[1]).toBeGreaterThan(today);
  });
});

describe('the text of a ticket', () => {
  test('shows any text as it is, in the cells, headings and lists where it belongs', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 }), (given) => {
        const text = `a${given}z`;
        const tree = markdownTree(renderReview(hostilePage(text)).markdown);
        expect(nodesOf('heading', tree).map(({ depth }) => depth)).toEqual([1, 2, 2, 2]);
        expect(nodesOf('table', tree)).toHaveLength(4);
        for (const type of ['link', 'image', 'html', 'emphasis']) expect(nodesOf(type, tree)).toEqual([]);
        const shown = nodesOf('heading', tree).map((one) => textOf(one).replaceAll('\u200b', ''));
        expect(shown[0]).toBe(text.replace(/\s+/g, ' '));
      }),
      { numRuns: 60 },
    );
  });

  test('keeps a command whole, whatever is in it', () => {
    const command = 'aws x --name "```\n# no heading"';
    const decisions = [{ title: 'Do it', tone: 'warn' as const, why: 'w', facts: [], command }];
    const [code] = nodesOf('code', markdownTree(renderReview({ ...PAGE, decisions }).markdown));
    expect(code?.value).toContain('aws x --name "```');
    expect(code?.value).toContain('# no heading"');
  });
});

test('money is told in whole dollars, and small money with its cents', () => {
  expect([0, 3, 3.456, 12.7, 1_204.4, -8.5].map(usd)).toEqual([
    '0 USD',
    '3 USD',
    '3.46 USD',
    '13 USD',
    '1,204 USD',
    '-8.50 USD',
  ]);
});
