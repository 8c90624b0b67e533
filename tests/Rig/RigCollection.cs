namespace CtrPS.Rig;

/// <summary>When a private containerd collects garbage.</summary>
public enum RigCollection
{
    /// <summary>As containerd is set up: now and then, after a hundred changes.</summary>
    NowAndThen,

    /// <summary>
    /// After each change. A test that makes what nothing holds and reads it later fails now and then otherwise, whenever a collection falls
    /// between the two, and so on every machine.
    /// </summary>
    AtOnce,

    /// <summary>When it is asked to, and at no other time: for tests of what a collection would take.</summary>
    WhenAsked,
}
