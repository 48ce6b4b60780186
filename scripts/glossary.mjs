// The glossary of CONTRIBUTING, as patterns that scripts/check-language.mjs looks for.

/**
 * A word or phrase that is not written.
 * @typedef {object} Rule
 * @property {RegExp} pattern a space in it stands for any white space, `¤` for code; it is applied without regard to case
 * @property {string} write what is written instead
 * @property {string} fails an example that the pattern finds
 * @property {string} passes an example that it does not find
 * @property {RegExp[]} [except] phrases in which it may stand
 * @property {string[]} [allowedIn] files in which it may stand, by their paths
 */

/** What the reference says on the wire: it may stand in prose too. */
export const wireTexts = [
  "an another job is already in progress",
  "Job TTL has been reached.",
  "Cannot start a not initialized job.",
  "The Job ID is not the same as the current job.",
  "Required file does not exist",
  "No message for this error in worker",
];

const ownNouns = [
  "backend|bench|Cloud AI|clip|decoder|definition|element|encoder|error|example|fault|file|format|frame|handler|input|job|kind",
  "library|message|module|option|output|package|player|process|processor|result|sample|sdk|server|session|source|stream",
  "test|time|timeline|type|worker",
].join("|");

/** @type {Rule[]} */
export const rules = [
  {
    pattern: /\b(?<!there )(?:is|are|was) none\b/,
    write: "is not a …, does not exist",
    fails: "Undefined if the value is none.",
    passes: "Undefined if there is none.",
  },
  {
    pattern: /\b(?<!there )(?:is|are|was|were) no\b/,
    write: "is not a …, there is no …",
    fails: "It is no audio stream.",
    passes: "It is no longer used, and there is no other; it is no more than a hint.",
    except: [/\bno (?:longer|(?:more|less|fewer|greater|later|earlier|larger|smaller|higher|lower) than)\b/],
  },
  {
    pattern: /\bunasked\b/,
    write: "unexpectedly",
    fails: "The job thread ended unasked.",
    passes: "The job thread exited unexpectedly.",
  },
  {
    pattern: /\b(?:(?:is|are|was|were|be) not there\b|refused a way\b)/,
    write: "does not exist, not found, rejected",
    fails: "The file is not there.",
    passes: "The file does not exist.",
  },
  {
    pattern: /\bin hand\b/,
    write: "current job, in progress",
    fails: "The job in hand is requeued.",
    passes: "The current job is requeued.",
  },
  {
    pattern: /\bin vain\b/,
    write: "after the limit of retries, without success",
    fails: "It tries three times in vain.",
    passes: "After three failed attempts it stops.",
  },
  {
    pattern: /\bfor ever\b/,
    write: "indefinitely, without a limit",
    fails: "It waits for ever.",
    passes: "It waits indefinitely.",
  },
  {
    pattern: /\bdeaf\b/,
    write: "unresponsive",
    fails: "A deaf worker is replaced.",
    passes: "Subtitles for the deaf and hard of hearing.",
    except: [/\bdeaf (?:and|or) hard of hearing\b/],
  },
  {
    pattern: new RegExp(`\\b(?:an? media(?! (?:${ownNouns})s?\\b)|medias)\\b`),
    write: "media file, source",
    fails: "A part of a media is decoded.",
    passes: "A part of a media file is decoded by a media worker.",
  },
  {
    pattern: /\bbehind\b/,
    write: "after",
    fails: "The blank line behind it is read.",
    passes: "A handler that falls behind runs behind a proxy.",
    except: [
      /\b(?:fall|falls|falling|fell|lag|lags|lagging|lagged|run|runs|running) behind\b/,
      /\bbehind an? (?:reverse )?(?:proxy|firewall|load balancer|NAT)\b/,
    ],
  },
  {
    pattern: /\bbeside\b/,
    write: "at the same time as, next to, compared with, in addition to",
    fails: "A file beside it.",
    passes: "Besides, there is a file next to it.",
  },
  {
    pattern: /\bsounds?\b/,
    write: "audio",
    fails: "The sound of a stream.",
    passes: "The audio of a stream.",
  },
  {
    pattern: /\bpictures?\b/,
    write: "frame, image",
    fails: "Gives the picture that follows.",
    passes: "An attached picture is a frame; so is a cover picture.",
    except: [
      /\b(?:attached|cover) pictures?\b/,
      /\bpictures? types?\b/,
      /\bpicture of a job\b/,
      /\bpicture[- ]in[- ]picture\b/,
      /\bgroups? of pictures\b/,
    ],
  },
  {
    pattern: /\b(?:go|goes|going|went|gone) down\b/,
    write: "shut down",
    fails: "The worker is going down.",
    passes: "The worker is shutting down.",
  },
  {
    pattern: /\b(?:give|gives|giving|gave|given)(?: \S+){0,2} back\b/,
    write: "requeue, return to the queue, release, return",
    fails: "The job is given back.",
    passes: "The job returned to the queue.",
  },
  {
    pattern: /\bdoors?\b/,
    write: "entry point, interface, module",
    fails: "The only door to TypeBox.",
    passes: "Only this module loads TypeBox.",
  },
  {
    pattern: /\brooms?\b/,
    write: "module (of code); space (of memory)",
    fails: "The room of the transports.",
    passes: "The transport module.",
    allowedIn: ["ARCHITECTURE.md", "scripts/check-rooms.mjs", "scripts/rooms.mjs", ".ci/rooms-selftest.mjs"],
  },
  {
    pattern: /\bhas it otherwise\b/,
    write: "already declared with different properties",
    fails: "The broker has it otherwise.",
    passes: "The queue is already declared with different properties.",
  },
  {
    pattern: /\btakes? no (?:messages?|jobs?|orders?)\b/,
    write: "has blocked publishing; does not accept jobs",
    fails: "The broker takes no messages.",
    passes: "The broker has blocked publishing.",
  },
  {
    pattern: /\b(?:peer|connection|broker) is gone\b|\b(?:is|are|was|were|be) waited for\b/,
    write: "disconnected; waiting for …",
    fails: "The peer is gone, and is waited for.",
    passes: "Peer disconnected; waiting for it to reconnect.",
  },
  {
    pattern: /\b(?:by|to) nobody\b|\bnobody else's\b/,
    write: "the active voice: «Delivery is at least once»",
    fails: "Exactly-once is not promised, by nobody.",
    passes: "Delivery is at least once.",
  },
  {
    pattern: /\bfor nothing\b|\bhas no right value\b/,
    write: "is ignored; is informational",
    fails: "What goes wrong before counts for nothing.",
    passes: "Connection errors before that point are ignored.",
  },
  {
    pattern: /\blast words\b/,
    write: "last message",
    fails: "It sends its last words.",
    passes: "It sends its last message.",
  },
  {
    pattern: /\band survived\b|\bis survived\b/,
    write: "does not fail the job",
    fails: "A damaged packet is counted and survived.",
    passes: "Damaged packets do not fail the job.",
  },
  {
    pattern: /^ ?What (?:an?|the) \S+(?: \S+)? is made of\b/,
    write: "the name of the thing: «Options of …»",
    fails: "What a ¤ is made of.",
    passes: "Options of ¤.",
  },
  {
    pattern: /\bissues? #?\d+\b/,
    write: "what the issue decided",
    fails: "See issue 4.",
    passes: "See docs/protocol.md.",
  },
];
