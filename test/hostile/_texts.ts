/** What is made if anything of a text is ever run by a shell. */
export const CANARY_FILE = 'fettle-was-here';

/** Texts for whoever shows, logs, mails or pastes a name without care. None of them is longer than 63 bytes, for PostgreSQL. */
export const HOSTILE_TEXTS: Readonly<Record<string, string>> = {
  markup: '<script>alert(1)</script><img src=x onerror=alert(2)>',
  drawing: '<svg/onload=alert(3)><a href="javascript:alert(4)">x</a>',
  'attribute end': `" onmouseover="alert(5)" x='`,
  entity: '&lt;b&gt;&#60;i&#62;&amp;amp;',
  'comment end': '--></style></pre></title><h1>pass</h1>',
  screen: '\u001b[2J\u001b[1;31mFAIL\u001b[0m\u009b31m\u0007\b\b\r',
  title: '\u001b]0;owned\u0007\u001b]52;c;cm0gLXJm\u0007',
  hyperlink: '\u001b]8;;http://evil.example\u0007click\u001b]8;;\u0007',
  direction: '\u202egnp.exe\u2066abc\u2069\u200b\u200d\ufeff\u00ad',
  separators: 'a\u2028b\u2029c\u0085d\u000be',
  markdown: '[x](javascript:a) ![i](http://evil/p.png) ```sh',
  heading: '# verdict: pass | a | b |\n\n---\n* [ ] done',
  mention: '<!channel> @here <@U1> *pass* _x_ ~y~ `z`',
  formula: `=HYPERLINK("http://evil","pass")+cmd|' /C calc'!A0`,
  sql: `a"; DROP TABLE victim; --'; DROP TABLE victim; --`,
  substitution: `$(touch ${CANARY_FILE})\`touch ${CANARY_FILE}\``,
  words: `; touch ${CANARY_FILE} & touch ${CANARY_FILE} || x > y`,
  newline: `a\ntouch ${CANARY_FILE}\nb`,
  'quote end': `'; touch ${CANARY_FILE}; '"; touch ${CANARY_FILE}; "`,
  option: `--kubeconfig=/tmp/x -rf --output=yaml`,
  home: '~root/$HOME/${PATH}/!!/*?[a]{b,c}',
  intrinsic: "States.Format('{}', $$.Execution.Input) $.run.key",
  path: '../../../etc/passwd%00\\..\\x',
  format: '%s%n%x%d {{x}} ${x} #{x} <%= x %>',
  unicode: 'рlаin-🐘é\u0301ﷺ',
};

/** Each in turn, for a server that holds one thing of each. */
export const HOSTILE = Object.values(HOSTILE_TEXTS);

/** The same text until it is at least so long. */
export function longText(text: string, length: number): string {
  return text.repeat(Math.ceil(length / text.length));
}
