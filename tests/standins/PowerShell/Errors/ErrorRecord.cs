namespace System.Management.Automation;

public sealed class ErrorDetails(string message)
{
    public string Message { get; } = message;

    public string? RecommendedAction { get; set; }
}

public sealed class ErrorCategoryInfo
{
    internal ErrorCategoryInfo(ErrorCategory category) => Category = category;

    public ErrorCategory Category { get; }
}

public class ErrorRecord(Exception exception, string errorId, ErrorCategory errorCategory, object? targetObject)
{
    public Exception Exception { get; } = exception;

    public object? TargetObject { get; } = targetObject;

    public ErrorCategoryInfo CategoryInfo { get; } = new(errorCategory);

    public ErrorDetails? ErrorDetails { get; set; }

    public InvocationInfo? InvocationInfo { get; internal set; }

    /// <summary>The id, a comma and the cmdlet's class.</summary>
    public string FullyQualifiedErrorId => InvocationInfo is null ? errorId : $"{errorId},{InvocationInfo.CommandType.FullName}";

    public override string ToString() => ErrorDetails?.Message ?? Exception.Message;
}
