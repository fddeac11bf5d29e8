"""Which consensuses wait: nothing of what they say is shown on a sheet until they are signed."""

from __future__ import annotations

from schemas.consensus_codes import Consensus

WAITING = (
    f"select st.therapist_id, c.session_id, c.instrument_id "  # noqa: S608 - made of our own words
    f"from supervision.consensus c join supervision.session_therapist st using (session_id) "
    f"where c.consensus in ('{Consensus.WAITS_FOR_SIGNATURE}', '{Consensus.WAITS_FOR_RATINGS}') and st.in_window"
)
