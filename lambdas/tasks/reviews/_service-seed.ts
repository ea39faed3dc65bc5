import { fargateSize, ownSize, type TaskSize } from './_fargate.ts';
import { nothingSaid, type Recommendation, type Verdict } from './_recommendation.ts';
import { monthOf, peaksOf, resizing, type Month, type Review } from './_service-judgement.ts';
import { highest } from './_series.ts';
import type { Service } from './_service.ts';

/** In percent. */
const LIMITS = { cpuHigh: 70, cpuLow: 30, memoryHigh: 80, memoryLow: 40, cpuPeak: 90, memoryPeak: 95 };

/** Judges a service by plain thresholds of averages and of the highest minute. */
export function judgeServiceBySeed(service: Service, review: Review): Verdict {
  const subject = `service ${service.cluster}/${service.name}`;
  const { size } = service;
  const nothing = nothingSaid(subject, size && { ...size });
  const month = monthOf(service, review);
  if ('unknown' in month) return { ...nothing, unknown: [month.unknown] };
  if ('idle' in month) return { ...nothing, withheld: [month.idle], unknown: [] };
  const { figures, ground } = month;
  const unknown = ground.gap === undefined ? [] : [ground.gap];
  if (size === undefined) {
    return { ...nothing, figures, unknown: [...unknown, 'its task definition does not say how much a task gets'] };
  }
  const { cpu_average: cpu = Number.NaN, memory_average: memory = Number.NaN } = figures;
  const withheld: string[] = [];
  const recommendations: Recommendation[] = [];
  const say = (action: string, text: string, proposed: TaskSize) => {
    recommendations.push({ ...resizing(service, { now: size, proposed }, month, review), action, text });
  };
  const shrink = (action: string, text: string, proposed: TaskSize, contradiction: string | undefined) => {
    const against = ground.mayShrink ? contradiction : (ground.gap ?? 'not every weekday was seen yet');
    if (against === undefined) say(action, text, proposed);
    else withheld.push(`${text}: ${against}`);
  };
  const { cpuPeak, memoryPeak } = contradictions(month);
  const fits = (wanted: TaskSize) => (service.isFargate ? fargateSize(wanted) : ownSize(wanted)) ?? size;
  if (cpu > LIMITS.cpuHigh) {
    const proposed = fits({ ...size, cpuUnits: size.cpuUnits + 1 });
    say('raise-cpu', 'Consider increasing CPU allocation or scaling out', proposed);
  } else if (cpu < LIMITS.cpuLow) {
    const proposed = fits({ ...size, cpuUnits: size.cpuUnits / 2 });
    shrink('lower-cpu', 'Consider reducing CPU allocation to save costs', proposed, cpuPeak);
  }
  if (memory > LIMITS.memoryHigh) {
    const proposed = fits({ ...size, memoryMiB: size.memoryMiB + 1 });
    say('raise-memory', 'Consider increasing memory allocation', proposed);
  } else if (memory < LIMITS.memoryLow) {
    const proposed = fits({ ...size, memoryMiB: size.memoryMiB / 2 });
    shrink('lower-memory', 'Consider reducing memory allocation', proposed, memoryPeak);
  }
  if (highest(month.cpu) > LIMITS.cpuPeak || highest(month.memory) > LIMITS.memoryPeak) {
    if (service.bounds === undefined) say('add-autoscaling', 'Consider implementing auto-scaling policies', size);
    else withheld.push('Consider implementing auto-scaling policies: it has them, or that could not be read');
  }
  return { ...nothing, recommendations, withheld, unknown, figures, peaks: peaksOf(month) };
}

/** What the same month holds against less: its highest minute. */
function contradictions({ cpu, memory }: Month) {
  const cpuMaximum = highest(cpu);
  const memoryMaximum = highest(memory);
  return {
    cpuPeak:
      cpuMaximum > LIMITS.cpuPeak ? `its highest minute, ${cpuMaximum} %, is above ${LIMITS.cpuPeak} %` : undefined,
    // Half of the memory holds half of the use.
    memoryPeak:
      memoryMaximum * 2 > 100 ? `at its highest, ${memoryMaximum} %, half of it would not hold it` : undefined,
  };
}
