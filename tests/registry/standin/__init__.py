"""A stand-in for ClinicalTrials.gov: a real HTTP server on loopback with an editable world behind it.

An independent account of the contract: nothing here imports the project's own packages.

    world = World([a_study("NCT90000001"), a_study("NCT90000002")])
    world.returns("Spine tumor", world.ids())
    with StandIn(world) as registry:
        ...                                    # a client walks registry.url
        situations.a_trial_completes(world, "NCT90000001", on="2026-01-05", enrolled=48)
        world.refresh()
        registry.fail(faults.too_many_requests("2"), path="/studies", after=1)
"""

from tests.registry.standin import faults, noise, results, situations
from tests.registry.standin.routes import Request
from tests.registry.standin.sample import a_study
from tests.registry.standin.server import StandIn
from tests.registry.standin.world import World

__all__ = ["Request", "StandIn", "World", "a_study", "faults", "noise", "results", "situations"]
