def test_first(lab):
    lab.sends("monday.xlsx", """
        session | rater | item        | adherence | competence
        S-001   | R-1   | not_knowing | 4         | 5
    """)
    lab.sends("b.ods", """
        session | rater | revision | adherence | competence
        S-001   | R-1   | 2 | 4         | 6
    """)
    lab.sends("c.csv", """
        session | rater | revision | adherence | competence
        S-001   | R-2   | 2 | 4         | 9
    """)
    print(lab.night())
    import time; t=time.time()
    print(lab.night()); print(time.time()-t)
    print(lab.values(), lab.waiting(), lab.outcomes(), lab.findings(), lab.messages(), lab.ledger())
    assert 0
