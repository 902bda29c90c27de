/**
 * The words of the protocol `rps.v1`, as the server's message types have them. All points are integer tenths.
 * A test compares every name and type here with the server's; keep one field a line.
 */

export type Move = "rock" | "paper" | "scissors";
export type Outcome = "win" | "lose" | "draw";
export type Source = "model" | "gambit" | "fallback";
export type Winner = "player" | "bot" | "tie";
export type Reason = "target" | "left" | "expired" | "void";
export type Input = "button" | "key" | "camera" | "upload";
export type Intent = "preview" | "play";
export type Label = "rock" | "paper" | "scissors" | "other" | "none";
export type Cause =
  | "no-hand"
  | "cut-off"
  | "too-dark"
  | "too-bright"
  | "blurred"
  | "several-hands"
  | "no-move"
  | "unsure";
export type Arm = "Production" | "B" | "control";
export type Code =
  | "bad-message"
  | "hello-first"
  | "already-greeted"
  | "bad-token"
  | "unknown-opponent"
  | "already-playing"
  | "unknown-match"
  | "stale-round"
  | "round-not-open"
  | "already-moved"
  | "elsewhere"
  | "match-over"
  | "match-live"
  | "unexpected-binary"
  | "bad-image"
  | "gestures-off"
  | "too-large"
  | "slow-down"
  | "draining"
  | "log-unavailable"
  | "corrupt-record"
  | "bad-query";

export interface Scores {
  player: number;
  bot: number;
}

export interface Tally {
  wins: number;
  losses: number;
  ties: number;
}

export interface OpponentCard {
  id: string;
  name: string;
  family: string;
  about: string;
  record: Tally;
}

export interface Thought {
  probabilities: Record<Move, number>;
  values: Record<Move, number>;
  source: Source;
}

export interface ServedBy {
  family: string;
  alias: Arm;
  version: string;
}

export interface Hello {
  type: "hello";
  token?: string;
  name?: string;
}

export interface Start {
  type: "start";
  opponent: string;
  client_ref?: string;
}

export interface Throw {
  type: "move";
  match: string;
  round: number;
  move: Move;
  input?: Input;
}

export interface Gesture {
  type: "gesture";
  match: string;
  round: number;
  intent: Intent;
  donate?: boolean;
  input?: Input;
}

export interface Sync {
  type: "sync";
  match: string;
  seen: number;
}

export interface Leave {
  type: "leave";
  match: string;
}

export interface Forget {
  type: "forget";
}

export interface Ping {
  type: "ping";
  t: number;
}

export interface Welcome {
  type: "welcome";
  player: string;
  name: string;
  token: string;
  protocol: string;
  opponents: OpponentCard[];
  match?: string;
}

export interface Matched {
  type: "matched";
  match: string;
  seq: number;
  opponent: string;
  target: number;
  seed_hash: string;
  client_ref?: string;
}

export interface Round {
  type: "round";
  match: string;
  seq: number;
  round: number;
  values: Record<Move, number>;
  scores: Scores;
  commitment: string;
}

export interface Result {
  type: "result";
  match: string;
  seq: number;
  round: number;
  player_move: Move;
  bot_move: Move;
  outcome: Outcome;
  gained: Scores;
  scores: Scores;
  reveal: string;
  thought: Thought;
}

export interface Seen {
  type: "seen";
  match: string;
  round: number;
  label: Label;
  confidence: number;
  probabilities: Record<Label, number>;
  accepted: boolean;
  reason?: Cause;
  landmarks?: [number, number][];
}

export interface Forgotten {
  type: "forgotten";
  donations: number;
}

export interface Over {
  type: "over";
  match: string;
  seq: number;
  winner: Winner;
  reason: Reason;
  scores: Scores;
  rounds: number;
  seed: string;
  served_by: ServedBy;
}

export interface Refused {
  type: "refused";
  code: Code;
  message: string;
  match?: string;
  round?: number;
  retry_after_ms?: number;
}

export interface Draining {
  type: "draining";
  retry_after_ms: number;
}

export interface Pong {
  type: "pong";
  t: number;
}

export type ClientMessage = Hello | Start | Throw | Gesture | Sync | Leave | Forget | Ping;
export type MatchMessage = Matched | Round | Result | Over;
export type ServerMessage = Welcome | MatchMessage | Seen | Forgotten | Refused | Draining | Pong;
