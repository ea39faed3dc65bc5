import type { FindingKind } from '../../../core/finding.ts';

/** What an endpoint can be found to answer. */
export const HEALTH_FINDINGS = {
  'not-answering': {
    severity: 'fail',
    means:
      'The address refused the connection, hung up, or gave no whole answer within the time, also when asked again.',
    matters:
      'Whoever is sent to this address gets no answer at all; with several addresses that is a share of all users.',
    remedy: 'Look whether the service and what stands before it run and listen, and restart or replace what does not.',
    prevention: 'Let the load balancer take out what does not answer, and run more than one instance.',
  },
  'tls-failed': {
    severity: 'fail',
    means: 'No TLS connection that can be trusted was made, so nothing was asked.',
    matters: 'Clients that check certificates, which all should, cannot use the service.',
    remedy:
      'Look at what certificates-check-endpoints says of this target; give it its authority as ca if it has a private one.',
    prevention: 'Renew certificates by machine, and test each deployment with a client that checks them.',
  },
  'malformed-answer': {
    severity: 'fail',
    means: 'What came back is not HTTP/1.1, or breaks its rules.',
    matters: 'Clients and proxies refuse such an answer, each at another place.',
    remedy: 'Look what listens on this port, and whether a proxy before it speaks another protocol.',
    prevention: 'Test the service through its proxy, with the client that its users have.',
  },
  'not-called': {
    severity: 'unknown',
    means: 'The address was not called, or cannot be reached from where Fettle runs.',
    matters: 'Nothing is known of this address; users who are sent to it may get no answer.',
    remedy:
      'Read the reason: extend allowAddresses on purpose, give Fettle a route, or leave out the family with families.',
    prevention: 'Probe each service from a network that may reach it, and keep dead addresses out of the DNS.',
  },
  'wrong-status': {
    severity: 'fail',
    means: 'The service answered with a status that is not expected.',
    matters: 'Its users get this answer, too, and load balancers take such an instance out.',
    remedy:
      'Read the log of the service at this time; set path, expectStatus or authorization if the question was wrong.',
    prevention: 'Alarm on the share of such answers, and gate deployments on this check.',
  },
  throttled: {
    severity: 'unknown',
    means: 'The service answered 429: it limits how often it may be asked.',
    matters: 'Its health is not known, and other clients may be turned away as well.',
    remedy: 'Exempt the health path from the limit, or find out who spends it.',
    prevention: 'Keep health paths out of rate limits.',
  },
  redirected: {
    severity: 'unknown',
    means: 'The answer leads elsewhere, and what answers there was not examined.',
    matters: 'A redirection to a login, a parking page or a maintenance page looks like life.',
    remedy: 'Give the final address as url or path; set followRedirects where it stays on the same host.',
    prevention: 'Give the service a health path that answers by itself.',
  },
  'redirects-to-https': {
    severity: 'info',
    means: 'The plain HTTP endpoint sends its callers to HTTPS on the same host, as it should.',
    remedy: 'Have an https:// target, too: what answers there is not examined by this one.',
  },
  'redirect-loop': {
    severity: 'fail',
    means: 'One redirection followed the other and no answer came.',
    matters: 'Browsers give up with an error, so nobody can use the address.',
    remedy:
      'Compare the redirections of proxy and service: often one forces HTTPS while the other believes that it got HTTP.',
    prevention: 'Let only one of the two redirect, and pass X-Forwarded-Proto on.',
  },
  'wrong-content': {
    severity: 'fail',
    means: 'The status is fine, and the content is not what was promised.',
    matters:
      'Clients fail on it although every status check is green: often a proxy or login page answers in place of the service.',
    remedy: 'Look at the answer, and at what stands between Fettle and the service.',
    prevention: 'Let proxies answer errors with an error status, and keep expect set.',
  },
  'error-page': {
    severity: 'fail',
    means: 'The status is fine, and the page is an error page or the page of an empty server.',
    matters: 'Users see it, while checks and load balancers that look at the status believe that all is well.',
    remedy: 'Read the log of the service; set expectText if the page is meant to be called so.',
    prevention: 'Let the service answer errors with status 500 or 503.',
  },
  'text-missing': {
    severity: 'fail',
    means: 'The answer does not hold the text of expectText.',
    matters: 'What its users look for is not there.',
    remedy: 'Look at the answer; set expectText anew if the page was changed on purpose.',
    prevention: 'Choose a text that only the working service can make, such as one that comes from its database.',
  },
  'text-rejected': {
    severity: 'fail',
    means: 'The answer holds a text of rejectText.',
    matters: 'The text was named because it is a sign of trouble.',
    remedy: 'Look at the answer and at the log of the service.',
    prevention: 'Let the service answer with an error status in this case.',
  },
  'empty-answer': {
    severity: 'warn',
    means: 'The status is fine and there is no body.',
    matters: 'A page whose making broke off looks just so.',
    remedy: 'Look at the page; set path to a health path, or expectText, so that the check has something to judge.',
    prevention: 'Check a path that proves that the service can make an answer.',
  },
  'reports-unhealthy': {
    severity: 'fail',
    means: 'The service says of itself that it is not healthy, whatever its status says.',
    matters: 'It cannot do its work, and load balancers that look at the status go on sending users to it.',
    remedy: 'Look which part it names, mend that, and read its log.',
    prevention: 'Let the health path answer 503 when it reports trouble.',
  },
  'reports-degraded': {
    severity: 'warn',
    means: 'The service says of itself that it works with restrictions.',
    matters: 'A further fault would take it down.',
    remedy: 'Look which part it names, and mend that before it fails.',
    prevention: 'Alarm on what leads to it, such as space, connections or the delay of a replica.',
  },
  'status-not-understood': {
    severity: 'unknown',
    means: 'The service says something of its health that is not understood.',
    matters: 'It may be saying that it is down.',
    remedy: 'Look at the answer; add the word to healthyWords if it means that all is well.',
    prevention: 'Use the words of a known format: Actuator, health+json or MicroProfile.',
  },
  'dependency-down': {
    severity: 'fail',
    means: 'The service says that something that it needs is down.',
    matters: 'What needs it fails for users, while the service as a whole still counts as up.',
    remedy: 'Mend what is named; name it in ignoreDependencies if the service can do without it.',
    prevention: 'Let the health of the whole follow from what it cannot do without.',
  },
  'dependency-degraded': {
    severity: 'warn',
    means: 'The service says that something that it needs works with restrictions.',
    matters: 'When that fails, so does what needs it.',
    remedy: 'Look at what is named before it fails.',
    prevention: 'Alarm on what leads to it, such as space, connections or latency.',
  },
  'dependency-unknown': {
    severity: 'info',
    means: 'The service does not know the state of something that it needs, or says it in a word that is not known.',
    remedy: 'Look at the answer; add the word to healthyWords if it means that all is well.',
  },
  'stale-answer': {
    severity: 'unknown',
    means: 'The answer was made longer ago than maxAge, so it says nothing of now.',
    matters: 'A cache answers as well when the service behind it is dead.',
    remedy: 'Exempt the health path from the cache, or look why the service does not make its answer anew.',
    prevention: 'Send Cache-Control: no-store with health answers.',
  },
  'cached-answer': {
    severity: 'info',
    means: 'The page came from a cache, so it proves that the cache works and not that the service does.',
    remedy: 'Add a target with a path that is not cached to see the service itself.',
  },
  slow: {
    severity: 'warn',
    means: 'The whole answer took longer than slowAbove.',
    matters: 'Users wait as long, and with a little more load the time limits of clients are reached.',
    remedy: 'Look at the load of the service and of its database at this time.',
    prevention: 'Alarm on the latency that users see, and give the service room before it is needed.',
  },
  'answered-on-second-try': {
    severity: 'info',
    means: 'The first connection failed and the second one, a second later, was answered.',
    remedy: 'Look for restarts at this time if it repeats.',
  },
  'handshake-only': {
    severity: 'info',
    means: 'The endpoint speaks TLS and not HTTP, so only connection and handshake were examined.',
    remedy: 'Write https:// if it answers HTTP.',
  },
  'cut-answer': {
    severity: 'info',
    means: 'The answer was longer than 1 MiB and its rest was not read.',
    remedy: 'Set path to something smaller.',
  },
} as const satisfies Record<string, FindingKind>;
export type HealthKind = keyof typeof HEALTH_FINDINGS;
