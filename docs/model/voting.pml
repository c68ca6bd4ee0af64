/* The voting rule of one height: no schedule, no crash and no lie of less than a third of the weight makes two values final. README.md explains it. */

/* What one validator signs in one view, a bit each, so that a mutant can sign two. A value is 1 or 2; both bits: either. */
#define NOTARIZE(x) (x)
#define NULLIFY     4
#define FINALIZE(x) (8 * (x))

#define HONEST 3
typedef Validator {
	byte sent;  /* signatures that left the process in this view: never taken back; anyone may receive each, now, later or never */
	byte guard; /* what the validator knows that it has signed in this view (R-24): all that a crash leaves */
};
Validator honest[HONEST];

byte allowed = 3; /* values that a proposal of this view can justify (R-14) */
byte final = 0;   /* values that are final by a certificate of this view or an earlier one */

/* Weights 28, 22 and 20 are honest. The other 30 of 100 lie: their votes count wherever they help, different ones for each reader. */
#ifdef TOO_MANY_LIARS
#define LIARS 60
#else
#define LIARS 30
#endif
#ifdef SIGNERS_COUNTED_TWICE
#define HEARD (2 * LIARS)
#else
#define HEARD LIARS
#endif
#define TOTAL (LIARS + 70)
#define SENT(i, vote) ((honest[i].sent & (vote)) == (vote))
#define WEIGHT(vote) (HEARD + 28 * SENT(0, vote) + 22 * SENT(1, vote) + 20 * SENT(2, vote))

/* R-7. A certificate is no message here: it exists as soon as the votes for it were sent, and nobody need ever have seen it. */
#ifdef QUORUM_OF_HALF
#define CERTIFIED(vote) (2 * WEIGHT(vote) > TOTAL)
#else
#define CERTIFIED(vote) (3 * WEIGHT(vote) > 2 * TOTAL)
#endif
#define NOTARIZED (CERTIFIED(NOTARIZE(1)) + 2 * CERTIFIED(NOTARIZE(2)))
#define FINALIZED (CERTIFIED(FINALIZE(1)) + 2 * CERTIFIED(FINALIZE(2)))
#define NULLIFIED CERTIFIED(NULLIFY)

/* R-14: the value of the newest notarization, if all views after it are nullified; any value, if all earlier views are. */
#ifdef PARENT_NOT_CHECKED
#define JUSTIFIED(x) true
#else
#define JUSTIFIED(x) (allowed & (x))
#endif
#ifdef PARENT_VALUE_NOT_CHECKED
#define CARRIED (NOTARIZED -> 3 : 0)
#else
#define CARRIED NOTARIZED
#endif
#ifdef NULLIFICATIONS_NOT_CHECKED
#define SKIPPED allowed
#else
#define SKIPPED (NULLIFIED -> allowed : 0)
#endif

/* R-24: what the guard forbids beside the signature at hand. */
#ifdef NOTARIZES_TWICE
#define BARS_NOTARIZE(x) NOTARIZE(x)
#else
#define BARS_NOTARIZE(x) NOTARIZE(3)
#endif
#ifdef NULLIFIES_AFTER_FINALIZE
#define BARS_NULLIFY NULLIFY
#else
#define BARS_NULLIFY (NULLIFY | FINALIZE(3))
#endif
#ifdef FINALIZES_AFTER_NULLIFY
#define BARS_FINALIZE FINALIZE(3)
#else
#define BARS_FINALIZE (NULLIFY | FINALIZE(3))
#endif
#define FREE(bars) ((honest[_pid].guard & (bars)) == 0)

inline sign(vote) {
	honest[_pid].guard = honest[_pid].guard | (vote);
	honest[_pid].sent = honest[_pid].sent | (vote);
	final = final | FINALIZED;
	assert(final != 3);                 /* agreement */
	assert(NOTARIZED != 3);             /* one notarized value a view */
	assert(!(NULLIFIED && FINALIZED));  /* never a nullification and a finalization of one view */
	assert(!final || (final | NOTARIZED) == final); /* what is final is all that can be notarized from then on */
#ifdef WITNESS
	assert(!(WITNESS));                 /* fails where this can happen at all */
#endif
}

/* Timers, losses, delays and the leader, who may lie in every view, are free choices of the schedule. */
active [HONEST] proctype validator() {
end:	do
	/* R-15: the first proposal that its certificates justify, whoever made it; also after an own Nullify. */
	:: d_step { FREE(BARS_NOTARIZE(1)) && JUSTIFIED(1) -> sign(NOTARIZE(1)) }
	:: d_step { FREE(BARS_NOTARIZE(2)) && JUSTIFIED(2) -> sign(NOTARIZE(2)) }
	/* R-16: the timer may end at any moment. */
	:: d_step { FREE(BARS_NULLIFY) -> sign(NULLIFY) }
	/* R-17 */
	:: d_step { FREE(BARS_FINALIZE) && (NOTARIZED & 1) -> sign(FINALIZE(1)) }
	:: d_step { FREE(BARS_FINALIZE) && (NOTARIZED & 2) -> sign(FINALIZE(2)) }
#ifdef GUARD_LOST
	:: d_step { honest[_pid].guard = 0 }
#endif
	od
}

/* R-18, R-19: a view is left by its notarization or its nullification; the views come one after another (README.md says why that loses nothing). */
active proctype next_view() {
	byte i;
end:	do
	:: d_step { NOTARIZED || NULLIFIED ->
		allowed = CARRIED | SKIPPED;
		for (i : 0 .. HONEST - 1) {
			honest[i].sent = 0;
			honest[i].guard = 0
		}
		i = 0
	}
	od
}
