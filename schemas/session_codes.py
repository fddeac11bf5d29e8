"""The closed lists of facts about a session: phase of treatment, diagnosis group, setting. They are counted, never scored."""

from __future__ import annotations

from schemas.codes import Described


class Phase(Described):
    """Where in the treatment a session lies. The relationship comes into focus only after alliance."""

    ASSESSMENT = "assessment", "before treatment proper: formulation and crisis plan are made"
    EARLY = "early", "the first months, alliance still forming"
    MIDDLE = "middle", "the work itself"
    END = "end", "the last months, ending in view"


class Diagnosis(Described):
    """The group of diagnoses that a patient is treated for; counted, never used to split scores."""

    BPD = "bpd", "borderline personality disorder"
    OTHER_PERSONALITY = "other_personality", "another personality disorder"
    PTSD = "ptsd", "post-traumatic stress disorder, complex or not"
    EATING_DISORDER = "eating_disorder", "an eating disorder"
    DEPRESSION = "depression", "depression"
    OTHER = "other", "something else"


class Setting(Described):
    """Where treatment takes place."""

    OUTPATIENT = "outpatient", "an outpatient clinic"
    DAY = "day", "day treatment"
    INPATIENT = "inpatient", "a ward"
    ONLINE = "online", "by video"
    OTHER = "other", "elsewhere"
