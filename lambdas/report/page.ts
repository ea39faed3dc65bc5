import type { RecordedAction } from '../../core/action.ts';
import type { ReportedTask, RunReport } from '../../core/report.ts';
import { byWorst } from '../../core/verdict.ts';
import { chartsSection } from './charts.ts';
import { html, type Markup } from './markup.ts';
import { changesOf, headline, numbersOf, placeOf, spanOf, withUnit } from './phrases.ts';
import { STYLE } from './style.ts';

/** The report as one page that needs nothing else: worst first, what changed, what was done, what is not known. */
export function renderPage(report: RunReport): string {
  const { platform, environment, procedure, runId, duration_minutes, verdict } = report;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${platform} ${environment}: ${procedure} ${verdict}</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <header class="${verdict}">
          <p>${platform} · ${environment} · ${procedure}</p>
          <h1>${headline(report)}</h1>
          <p>
            ${spanOf(report)}, ${duration_minutes} minutes. Started by
            ${report.trigger}${report.override ? `, overriding the ${report.override}` : ''}${report.reason ? `: ${report.reason}` : ''}.
          </p>
          ${report.previousRunId === undefined ? '' : html`<p>${changesOf(report)}</p>`}
          ${report.endedBecause ? html`<p><strong>${report.endedBecause}</strong></p>` : ''}
        </header>
        <main>
          ${findingsSection(report)} ${unknownSection(report)} ${fixedSection(report)} ${actionsSection(report)}
          ${tasksSection(report)} ${chartsSection(report.trends)} ${measurementsSection(report)}
        </main>
        <footer>
          <p>
            Run
            ${runId}${report.planSha256 ? html`<br />Plan SHA-256 ${report.planSha256}` : ''}
          </p>
        </footer>
      </body>
    </html> `;
  return page.toString();
}

function findingsSection({ findings, previousRunId }: RunReport): Markup {
  const known = findings.filter(({ severity }) => severity !== 'unknown');
  if (known.length === 0) return html``;
  return html`<section>
    <h2>Findings</h2>
    ${known.map((finding) => findingCard(finding, previousRunId !== undefined))}
  </section>`;
}

function unknownSection({ findings, previousRunId }: RunReport): Markup {
  const unknown = findings.filter(({ severity }) => severity === 'unknown');
  if (unknown.length === 0) return html``;
  return html`<section>
    <h2>What could not be known</h2>
    ${unknown.map((finding) => findingCard(finding, previousRunId !== undefined))}
  </section>`;
}

function findingCard(finding: RunReport['findings'][number], compared: boolean): Markup {
  const numbers = numbersOf(finding);
  return html`<article class="${finding.severity}">
    <h3>
      <span class="tag">${finding.severity}</span>
      ${placeOf(finding)}${compared ? html` <span class="change">${finding.change}</span>` : ''}
    </h3>
    <p>${finding.summary}</p>
    ${numbers ? html`<p class="numbers">${numbers}</p>` : ''}
    <p class="means">${finding.means}${finding.matters === undefined ? '' : html` ${finding.matters}`}</p>
    <p class="remedy"><strong>Now:</strong> ${finding.remedy}</p>
    ${finding.command === undefined ? '' : html`<pre>${finding.command}</pre>`}
    ${finding.prevention === undefined ? '' : html`<p class="remedy"><strong>For good:</strong> ${finding.prevention}</p>`}
    <p class="source">${finding.task} / ${finding.kind}</p>
  </article> `;
}

function fixedSection({ fixed, previousRunId }: RunReport): Markup {
  if (fixed.length === 0) return html``;
  return html`<section>
    <h2>Fixed since ${previousRunId}</h2>
    <ul>
      ${fixed.map((finding) => html`<li>${placeOf(finding)}: ${finding.kind} (${finding.task})</li>`)}
    </ul>
  </section>`;
}

function actionsSection({ actions, mode }: RunReport): Markup {
  if (actions.length === 0) return html``;
  return html`<section>
    <h2>${mode === 'plan' ? 'What a run would do' : 'What was done'}</h2>
    <div class="wide">
      <table>
        <tr>
          <th>Action</th>
          <th>Outcome</th>
          <th>Statement</th>
        </tr>
        ${actions.map(actionRow)}
      </table>
    </div>
  </section>`;
}

function actionRow(action: RecordedAction): Markup {
  const notes = [
    action.detail,
    action.reconciled ? 'found done after a crash' : undefined,
    action.possiblyRepeated ? 'possibly repeated' : undefined,
  ].filter((note) => note !== undefined);
  return html`<tr>
    <td>${action.summary}</td>
    <td>${[action.status, ...notes].join(': ')}</td>
    <td><code>${action.statement ?? ''}</code></td>
  </tr> `;
}

function tasksSection({ tasks }: RunReport): Markup {
  if (tasks.length === 0) return html``;
  const worstFirst = [...tasks].sort((a, b) => byWorst(a.verdict, b.verdict));
  return html`<section>
    <h2>Tasks</h2>
    <div class="wide">
      <table>
        <tr>
          <th>Task</th>
          <th>Verdict</th>
          <th>Targets</th>
          <th>Seconds</th>
        </tr>
        ${worstFirst.map(taskRow)}
      </table>
    </div>
  </section>`;
}

function taskRow({ task, verdict, targets, recorded, durationSeconds }: ReportedTask): Markup {
  const names = targets.map(({ target, verdict: own }) => `${target} ${own}`).join(', ');
  return html`<tr>
    <td>${task}</td>
    <td class="${verdict}"><span class="tag">${verdict}</span></td>
    <td>${names}</td>
    <td>${recorded ? (durationSeconds ?? 0).toFixed(1) : 'no record'}</td>
  </tr> `;
}

function measurementsSection({ measurements }: RunReport): Markup {
  if (measurements.length === 0) return html``;
  return html`<section>
    <details>
      <summary>${measurements.length} measurements</summary>
      <div class="wide">
        <table>
          <tr>
            <th>Measurement</th>
            <th>Of</th>
            <th>Value</th>
          </tr>
          ${measurements.map(
            (one) =>
              html`<tr>
                <td>${one.name}</td>
                <td>${placeOf(one)}</td>
                <td>${withUnit(one.value, one.unit)}</td>
              </tr> `,
          )}
        </table>
      </div>
    </details>
  </section>`;
}
