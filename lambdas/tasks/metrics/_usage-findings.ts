import type { FindingKind } from '../../../core/finding.ts';
import { CONTAINER_FINDINGS } from './_container-findings.ts';
import type { ContainerKind } from './_containers.ts';
import type { PresenceKind } from './_presence.ts';
import { READING_FINDINGS } from './_reading.ts';
import type { UsageKind } from './_usage-judgement.ts';

type ReadingKind = 'no-series' | 'partial-answer' | 'clock-differs';
export type Kind =
  UsageKind | PresenceKind | ContainerKind | ReadingKind | 'filesystem-not-readable' | 'metric-not-readable';

/** What the resources of machines can be found to be. */
export const USAGE_FINDINGS = {
  'no-series': READING_FINDINGS['no-series'],
  'partial-answer': READING_FINDINGS['partial-answer'],
  'clock-differs': READING_FINDINGS['clock-differs'],
  'not-a-number': READING_FINDINGS['not-a-number'],
  ...CONTAINER_FINDINGS,
  'disk-full': {
    severity: 'fail',
    means: 'A volume has so little space left that it counts as full.',
    matters: 'Databases stop at the first write that fails, and some need a repair before they start again.',
    remedy: 'Run the command of the finding on the machine, remove or move what is large, or enlarge the volume.',
    prevention: 'Let the volume grow by itself, rotate logs by size, and act on the forecast instead of the share.',
  },
  'disk-full-soon': {
    severity: 'fail',
    means: 'Space on a volume shrinks so fast that it is full before anyone looks at it tomorrow.',
    matters: 'Whatever writes there fails at the moment that the finding names.',
    remedy: 'Run the command of the finding on the machine to see what grows, and stop that first.',
    prevention: 'Limit the size of logs and temporary files, and alert on `predict_linear` over the last hours.',
  },
  'disk-high': {
    severity: 'warn',
    means: 'The share of a volume that is not available is above the limit.',
    matters: 'One large file, a dump or a rebuilt index, no longer fits.',
    remedy: 'Run the command of the finding on the machine, remove what is not needed, or enlarge the volume.',
    prevention: 'Let the volume grow by itself, and give logs and backups a volume and a retention of their own.',
  },
  'disk-filling': {
    severity: 'warn',
    means: 'There is space left, and at the pace of the last days it lasts for a few more only.',
    matters: 'The volume is full on the day that the finding names.',
    remedy: 'Find out what grows, and enlarge the volume or shorten a retention before that day.',
    prevention: 'Review the growth of volumes each month, and give what grows a retention.',
  },
  'inodes-exhausted': {
    severity: 'fail',
    means: 'Nearly all inodes of a filesystem are in use.',
    matters: 'No file can be created although space is left, and programs say that the disk is full.',
    remedy: 'Run the command of the finding on the machine, and remove the folder with the many small files.',
    prevention: 'Expire sessions, caches and mail queues by age, or use xfs, which makes inodes as it needs them.',
  },
  'inodes-high': {
    severity: 'warn',
    means: 'The share of inodes in use is above the limit.',
    matters: 'When none is left no file can be created, however much space there is.',
    remedy: 'Run the command of the finding on the machine to see which folder holds so many files.',
    prevention: 'Expire sessions, caches and mail queues by age.',
  },
  'turned-read-only': {
    severity: 'fail',
    means:
      'A filesystem that was writable is now mounted read-only: mostly the kernel does so after an error of the disk.',
    matters: 'Every write to it fails, and the disk may be about to die.',
    remedy: 'Run the command of the finding on the machine; save what can be read before anything is repaired.',
    prevention: 'Watch the SMART values or the status checks of the volume, and keep a replica on another disk.',
  },
  'filesystem-not-readable': {
    severity: 'unknown',
    means: 'The machine cannot ask a mounted filesystem how full it is.',
    matters: 'A share that has gone away hangs every program that touches it.',
    remedy: 'Try `stat -f` on the mount; mount it again, or leave it out with exceptFilesystems.',
    prevention: 'Mount network shares with a time-out (soft, or automount), and take dead mounts out of fstab.',
  },
  'free-storage-low': {
    severity: 'warn',
    means: 'A managed database has less free storage than the limit.',
    matters: 'At the end of its storage the database stops and takes no connection.',
    remedy: 'Enlarge the storage of the instance; it works while the instance runs.',
    prevention: 'Switch storage autoscaling on, with a maximum that is well above the present size.',
  },
  'free-memory-low': {
    severity: 'warn',
    means: 'A managed database has less freeable memory than the limit.',
    matters: 'It begins to swap, every query takes longer, and in the end it is restarted.',
    remedy: 'Look for many connections or large sorts, or choose a larger instance class.',
    prevention: 'Pool connections, and size the instance so that its working set fits.',
  },
  'memory-exhausted': {
    severity: 'fail',
    means: 'Nearly none of the memory of a machine is available, caches that could be given up counted as available.',
    matters: 'The kernel is about to kill a process, mostly the largest one.',
    remedy: 'Find the largest processes with `ps aux --sort=-rss | head`, and restart or limit the one that leaks.',
    prevention: 'Give each service a memory limit, so that the one that leaks is the one that dies.',
  },
  'memory-high': {
    severity: 'warn',
    means: 'The share of memory that is not available is above the limit.',
    matters: 'A peak of load or a second large process no longer fits, and the kernel starts to kill.',
    remedy: 'Find the largest processes with `ps aux --sort=-rss | head`, and compare with a week ago.',
    prevention: 'Give each service a memory limit, and choose the size of the machine by its peak.',
  },
  'cpu-high': {
    severity: 'warn',
    means: 'The CPUs of a machine were busy for more of the period than the limit.',
    matters: 'Requests queue for a CPU, and a peak makes them wait until they time out.',
    remedy: 'Find the busiest processes with `top -o %CPU`, and add a machine or move work away.',
    prevention: 'Scale on CPU before the limit is reached.',
  },
  'io-wait-high': {
    severity: 'warn',
    means: 'CPUs had nothing to do because their tasks waited for disks.',
    matters: 'The disk is the limit: everything that reads or writes is slow, whatever the CPU is.',
    remedy: 'Find the busiest processes with `iotop -o` and the busiest disk with `iostat -x 5`.',
    prevention: 'Give the volume more operations per second, or keep what is read in memory.',
  },
  'steal-high': {
    severity: 'warn',
    means: 'The hypervisor took CPU time that the machine wanted to use.',
    matters: 'The machine is slower than it looks; on burstable instances the credits are used up.',
    remedy: 'Stop and start the instance to move it to another host, or look at its CPU credits.',
    prevention: 'Use instances that are not burstable for what works all day, or unlimited credits.',
  },
  'load-high': {
    severity: 'warn',
    means: 'More tasks wanted to run, or waited for a disk, than the machine has cores.',
    matters: 'Each of them waits in turn, and latency grows with the length of the queue.',
    remedy: 'See with `vmstat 5` whether they run (column r) or wait for disks (column b).',
    prevention: 'Limit how many workers a service starts to what the cores can carry.',
  },
  'memory-pressure': {
    severity: 'warn',
    means: 'For a part of the time every task of the machine waited for memory.',
    matters: 'The machine stands still for that time, and soon processes are killed.',
    remedy: 'Find the largest processes with `ps aux --sort=-rss | head`, and move or limit one.',
    prevention: 'Alert on pressure (PSI) instead of the share of memory in use.',
  },
  'io-pressure': {
    severity: 'warn',
    means: 'For a part of the time every task of the machine waited for its disks.',
    matters: 'The machine does nothing in that time, and databases on it answer late.',
    remedy: 'Find the busiest processes with `iotop -o` and the busiest disk with `iostat -x 5`.',
    prevention: 'Move backups and batch work to another hour or disk, or limit their rate.',
  },
  swapping: {
    severity: 'warn',
    means: 'The machine reads memory back from swap all the time.',
    matters: 'Each such read takes a thousand times as long as memory does.',
    remedy: 'Find who swaps with `vmstat 5` and `smem -rs swap`, and give it memory or take it away.',
    prevention: 'Size memory for the working set, and lower vm.swappiness for databases.',
  },
  'oom-killed': {
    severity: 'warn',
    means: 'The kernel killed processes for lack of memory within the last day.',
    matters: 'What was killed lost its work, and it will be killed again.',
    remedy: 'Read which one with `dmesg --ctime | grep -i "killed process"`, and give it memory or a limit.',
    prevention: 'Give each service a memory limit, and alert on the share of it that is in use.',
  },
  'file-descriptors-high': {
    severity: 'warn',
    means: 'The share of file descriptors of a machine that is in use is above the limit.',
    matters: 'When none is left no connection is accepted and no file is opened.',
    remedy: "Find who holds them with `lsof -n | awk '{print $1}' | sort | uniq -c | sort -rn | head`.",
    prevention: 'Close what is opened, pool connections, and raise fs.file-max if the number is meant.',
  },
  'host-vanished': {
    severity: 'unknown',
    means: 'A machine that gave samples gives none: it is down, its exporter is, or it is no longer scraped.',
    matters: 'A machine that is down or full gives no sample, and without one no limit is ever exceeded.',
    remedy:
      'Reach the machine; start its exporter or mend the scrape. A machine that was meant to go is forgotten in time.',
    prevention: 'Alert on `up == 0`, and say with expectedHosts how many machines there must be.',
  },
  'host-gone': {
    severity: 'info',
    means: 'A machine is no longer scraped and there are as many as expected without it.',
    remedy: 'Nothing: autoscaling has mostly replaced it.',
  },
  'hosts-missing': {
    severity: 'unknown',
    means: 'Fewer machines give samples than the profile expects.',
    matters: 'Nothing is known of those that are missing, and the others carry their load.',
    remedy: 'Compare the list of machines with Status, Targets of Prometheus, or correct expectedHosts.',
    prevention: 'Let machines be found by service discovery and not by a list that someone keeps.',
  },
  'host-incomplete': {
    severity: 'unknown',
    means: 'A machine gives samples and leaves out some that every machine should give.',
    matters: 'What it leaves out is not judged, and its disks or memory may be full.',
    remedy:
      'Read the log and the flags of its agent (node_exporter, CloudWatch agent); kernels before 3.14 do not tell available memory.',
    prevention: 'Run the same version and settings of the agent on all machines, and install it with the image.',
  },
  'metric-not-readable': {
    severity: 'unknown',
    means: 'CloudWatch did not give the values of a metric: refused, failed, or not complete.',
    matters: 'What is not read is not judged, and its disk or memory may be full.',
    remedy: 'Read the reason; give the function the permission that it names, or run the procedure again.',
    prevention:
      'Keep the number of metrics below the quotas of GetMetricData, with namespaces that are not needed left out.',
  },
} as const satisfies Record<Kind, FindingKind>;
