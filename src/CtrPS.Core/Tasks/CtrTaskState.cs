namespace CtrPS;

/// <summary>The state of a task, or of a process in it.</summary>
public enum CtrTaskState : long
{
    /// <summary>The container has no task: it was never started, or its task was removed.</summary>
    None,

    /// <summary>The daemon cannot tell, as the shim does not answer.</summary>
    Unknown,

    /// <summary>Created, not started.</summary>
    Created,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>It has ended.</summary>
    Stopped,

    /// <summary>All its processes are frozen.</summary>
    Paused,

    /// <summary>Its processes are being frozen.</summary>
    Pausing,
}
